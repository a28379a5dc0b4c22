"""What tests of several apps share: databases, a running system, a browser."""
