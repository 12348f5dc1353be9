"""Sends some models to the second database."""

AWAY = ("remote", "awaynote")


class OtherRouter:
    def db_for_read(self, model, **hints):
        return "other" if model._meta.model_name in AWAY else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if model_name in AWAY:
            return db == "other"
        return None if db == "default" else False
