"""The pure rules. A package, since its files share their names with those of the contract."""
