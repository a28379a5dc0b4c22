"""Settings: `base` holds everything, `production`, `dev` and `test` change a few lines of it."""
