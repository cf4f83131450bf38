-- One row per error code and message: who is responsible.
{{ config(materialized='table') }}
SELECT *
FROM read_csv('{{ var("failures") }}', header = true, all_varchar = true)
