-- One row per operation of a thread that another source reports too, in more detail: the operation that it is a part of the story
-- of. Two are one when they are of the same resource and started within $apart_microseconds of each other; of several that would
-- do, those that name the same version, then those that are nearest to each other.
-- Portable subset: row_number with a total order.
CREATE OR REPLACE TEMP TABLE merged AS
WITH known AS (
    SELECT
        cluster_id,
        thread,
        operation_id,
        family,
        precedence,
        max(node_pool) AS node_pool,
        max(to_version) AS to_version,
        -- Of a whole cluster, a new image for its nodes and a new version are not the same; of one pool, sources do not say which.
        CASE WHEN max(node_pool) IS NULL AND max(scope) = 'node_image' THEN 'images' ELSE 'versions' END AS what,
        epoch_us(min(CASE WHEN type = 'started' THEN time END)) AS started
    FROM paired
    GROUP BY cluster_id, thread, operation_id, family, precedence
),
possible AS (
    SELECT
        one.cluster_id,
        one.thread,
        one.operation_id,
        one.family,
        one.started,
        other.operation_id AS into_operation,
        other.precedence,
        other.started AS into_started,
        CASE WHEN one.to_version = other.to_version THEN 0 ELSE 1 END AS is_vague,
        CASE WHEN one.started < other.started THEN other.started - one.started ELSE one.started - other.started END AS apart
    FROM known AS one
    INNER JOIN known AS other
        ON one.cluster_id = other.cluster_id
        AND one.thread = other.thread
        AND one.what = other.what
        AND one.node_pool IS NOT DISTINCT FROM other.node_pool
        AND one.precedence < other.precedence
        AND (one.to_version = other.to_version OR one.to_version IS NULL OR other.to_version IS NULL)
),
chosen AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY cluster_id, thread, operation_id
            ORDER BY precedence DESC, is_vague, apart, into_started, into_operation
        ) AS choice,
        row_number() OVER (
            PARTITION BY cluster_id, thread, into_operation, family
            ORDER BY is_vague, apart, started, operation_id
        ) AS chosen_as
    FROM possible
    WHERE apart <= $apart_microseconds
),
pairs AS (
    SELECT cluster_id, thread, operation_id, into_operation
    FROM chosen
    WHERE choice = 1 AND chosen_as = 1
)
SELECT
    pairs.cluster_id,
    pairs.thread,
    pairs.operation_id,
    coalesce(further.into_operation, pairs.into_operation) AS into_operation
FROM pairs
LEFT JOIN pairs AS further
    ON pairs.cluster_id = further.cluster_id
    AND pairs.thread = further.thread
    AND pairs.into_operation = further.operation_id
