-- The closed loop: decisions about records and accounts, drift, lifecycle workflows, the queue.
--
-- Times are microseconds since 1970 in UTC. Enumerations are words. A `_no` is a number from `dictionary`.

-- Sources and correlation ---------------------------------------------------------------------------

-- Reconciliation ------------------------------------------------------------------------------------

-- Lifecycle and workflows ---------------------------------------------------------------------------

-- The queue -----------------------------------------------------------------------------------------
