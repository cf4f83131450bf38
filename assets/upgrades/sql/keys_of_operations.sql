-- One row per operation in {operations} that meets {condition}: what the key indexes hold of it.
SELECT
    day,
    hash(cluster_id) AS cluster_key,
    resource_key,
    upgrade_key,
    given_from_version IS NULL AND started_at IS NOT NULL AS is_receiver,
    state = 'succeeded' AS is_success,
    CASE WHEN state = 'succeeded' THEN finished_at ELSE CAST(day AS TIMESTAMP) END AS finished_at
FROM {operations}
WHERE {condition}
