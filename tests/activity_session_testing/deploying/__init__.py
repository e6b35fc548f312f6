"""What looks at the files of `deploy` without a container engine and without a cluster."""
