-- The columns that one asks for most, from the records that Kafka Connect has written.
CREATE VIEW events_of_connect AS
SELECT
    ce_id AS event_id,
    record::jsonb ->> 'type' AS type,
    record::jsonb ->> 'status' AS status,
    record::jsonb -> 'article' ->> 'id' AS article_id,
    record::jsonb -> 'article' ->> 'source' AS source,
    record::jsonb -> 'anchor' ->> 'text' AS anchor,
    (record::jsonb -> 'time' ->> 'earliest')::date AS earliest,
    record::jsonb -> 'destination' ->> 'name' AS destination
FROM event_records;
