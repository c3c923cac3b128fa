"""The scheme as dated data: rulesets, fees, stays, quotas and lists."""
