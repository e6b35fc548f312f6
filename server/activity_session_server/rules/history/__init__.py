"""What is true of a log in which marks supersede events, without a database."""
