-- One type: the values of one dimension in the status at hand, in their order; each value is a slice of its own.
CREATE OR REPLACE TEMP TYPE "{dimension}_value" AS ENUM (
    SELECT "{dimension}" FROM counted WHERE slice_by = '{dimension}'
    UNION
    SELECT 'unknown'
    ORDER BY ALL
)
