"""A slow, obvious matcher, written from the contract alone, that the product's matcher is compared with."""
