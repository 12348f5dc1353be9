"""gunicorn's configuration for gevent, of a site that is loaded before the workers are forked."""

from gevent import monkey

monkey.patch_all()
