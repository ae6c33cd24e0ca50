"""What only the Verify v2 compatible API knows: Services and what belongs to them."""
