"""Files of zones: reading them with suspicion, importing as drafts, exporting."""
