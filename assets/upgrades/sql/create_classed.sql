-- One row per operation of a thread: what it is if it is no upgrade (`class`, else NULL), the version before it, and whether nothing
-- shows which version it was for. Sources report changes of all kinds alike (flag 2) and nodes that were replaced for any reason
-- (flag 4): such a one is an upgrade when the version wanted is not the one that the last success on the resource left.
-- Portable subset: row_number and running counts with a total order, arg_max that passes over NULL by its second argument.
CREATE OR REPLACE TEMP TABLE classed AS
WITH given AS (
    SELECT
        cluster_id,
        thread,
        max(thread_key) AS thread_key,
        operation_id,
        arg_max(node_pool, CASE WHEN node_pool IS NOT NULL THEN rank END) AS node_pool,
        arg_max(scope, rank) AS scope,
        arg_max(from_version, CASE WHEN from_version IS NOT NULL THEN rank END) AS from_version,
        arg_max(to_version, CASE WHEN to_version IS NOT NULL THEN rank END) AS to_version,
        arg_max(type, CASE WHEN type NOT IN ('scheduled', 'started') THEN rank END) AS terminal_state,
        coalesce(
            min(CASE WHEN type = 'started' THEN time END), min(CASE WHEN type = 'scheduled' THEN time END), min(time)
        ) AS dated_at,
        max(CASE WHEN flags & 6 = 0 AND NOT is_abort THEN 1 ELSE 0 END) AS says_upgrade,
        max(flags & 4) AS rolls,
        min(CASE WHEN is_abort THEN 1 ELSE 0 END) AS is_abort
    FROM resolved
    GROUP BY cluster_id, thread, operation_id
),
placed AS (
    SELECT
        *,
        CASE WHEN is_abort = 0 AND scope <> 'node_image' AND terminal_state = 'succeeded' THEN to_version END AS left_version
    FROM given
),
counted AS (
    SELECT
        *,
        count(*) OVER (
            PARTITION BY cluster_id, thread, node_pool
            ORDER BY dated_at, operation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS place,
        count(left_version) OVER (
            PARTITION BY cluster_id, thread, node_pool
            ORDER BY dated_at, operation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS successes_before,
        count(CASE WHEN scope = 'cluster' THEN left_version END) OVER (
            PARTITION BY cluster_id, thread
            ORDER BY dated_at, operation_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS cluster_successes_before
    FROM placed
),
known AS (
    SELECT
        counted.*,
        CASE WHEN counted.scope <> 'node_image' THEN latest.left_version END AS known_version,
        -- An upgrade of the whole cluster leaves its version on every pool.
        CASE
            WHEN counted.node_pool IS NOT NULL AND counted.scope <> 'node_image' THEN whole.left_version
        END AS cluster_version
    FROM counted
    LEFT JOIN counted AS whole
        ON counted.cluster_id = whole.cluster_id
        AND counted.thread = whole.thread
        AND whole.scope = 'cluster'
        AND whole.left_version IS NOT NULL
        AND whole.cluster_successes_before = counted.cluster_successes_before - 1
    LEFT JOIN counted AS latest
        ON counted.cluster_id = latest.cluster_id
        AND counted.thread = latest.thread
        AND counted.node_pool IS NOT DISTINCT FROM latest.node_pool
        AND latest.left_version IS NOT NULL
        AND latest.successes_before = counted.successes_before - 1
),
compared AS (
    SELECT
        *,
        -- `1.34` is any of its patches, and a leading v says nothing.
        starts_with(ltrim(known_version, 'v') || '.', ltrim(to_version, 'v') || '.')
        OR starts_with(ltrim(to_version, 'v') || '.', ltrim(known_version, 'v') || '.')
        OR coalesce(starts_with(ltrim(cluster_version, 'v') || '.', ltrim(to_version, 'v') || '.'), false) AS is_known
    FROM known
)
SELECT
    cluster_id,
    thread,
    thread_key,
    operation_id,
    dated_at,
    coalesce(from_version, known_version) AS from_version,
    CASE
        WHEN is_abort = 1 THEN 'abort'
        WHEN from_version = to_version AND scope <> 'node_image' THEN 'update'
        WHEN says_upgrade = 1 THEN CAST(NULL AS VARCHAR)
        WHEN is_known THEN 'update'
        WHEN NOT is_known THEN CAST(NULL AS VARCHAR)
        WHEN rolls > 0 THEN CAST(NULL AS VARCHAR)
        WHEN place = 1 THEN 'create'
        ELSE 'update'
    END AS class,
    says_upgrade = 0 AND rolls > 0 AND coalesce(is_known, true) AS is_unverified
FROM compared
