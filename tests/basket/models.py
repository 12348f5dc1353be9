# (models for one test need no words for people)

from django.db import models


class Line(models.Model):
    """Of the same class name as host.Line."""

    sku = models.CharField(max_length=20, unique=True)
