"""The shape of every configuration file, as pydantic models; the JSON Schemas are made from them."""
