"""How the properties are tried."""

from hypothesis import settings

# How long one example takes says more about what else the machine does than about the rules.
settings.register_profile("rules", settings(), deadline=None)
settings.load_profile("rules")
