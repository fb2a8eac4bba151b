-- Two users with no more rights than they need: `sink` writes rows, `reader` reads them (Grafana, analysts, `lagebild
-- events`). Neither can create, alter or drop: `lagebild migrate` does, as the owner of the schema. Run this as that
-- owner, who may create roles, in Lagebild's database, before the first migration or after it, with psql 14 or newer:
-- LAGEBILD_SINK_PASSWORD=… LAGEBILD_READER_PASSWORD=… psql --single-transaction -v ON_ERROR_STOP=1 -f roles.sql
\getenv sink_password LAGEBILD_SINK_PASSWORD
\getenv reader_password LAGEBILD_READER_PASSWORD
CREATE ROLE sink LOGIN PASSWORD :'sink_password';
CREATE ROLE reader LOGIN PASSWORD :'reader_password';

-- PostgreSQL's own default since version 15, but not in a database that is older.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO sink, reader;

-- What is there, and what later migrations will make.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO sink;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO sink;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
