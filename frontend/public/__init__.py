"""The public site: "is there internet at my address, and what does it cost?"."""
