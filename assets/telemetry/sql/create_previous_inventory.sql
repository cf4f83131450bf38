-- The inventory as it was loaded before.
CREATE OR REPLACE TEMP TABLE previous_inventory AS
FROM telemetry.inventory
