"""What the host site offers to be tracked."""

def trackable(function=None, *, description=""):
    return function if function else (lambda f: f)
