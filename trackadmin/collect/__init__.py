"""The tracking URL: the view that a browser calls, the event it makes, and the sinks it goes to."""
