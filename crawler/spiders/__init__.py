"""Sites without feeds, listed by Scrapy in a process of its own. The door to Scrapy."""
