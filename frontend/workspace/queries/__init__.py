"""What the pages of the workspace show: reading only, composed from each app's queries."""
