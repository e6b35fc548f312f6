"""How the properties are tried."""

from hypothesis import settings

# The time of one example depends more on what else the machine does than on the rules.
settings.register_profile("rules", settings(), deadline=None)
settings.load_profile("rules")
