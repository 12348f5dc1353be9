"""System checks."""

def check_settings(app_configs, **kwargs):
    return []

def check_live_map(app_configs, databases=None, **kwargs):
    return []
