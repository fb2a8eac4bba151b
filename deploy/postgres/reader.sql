-- A user for those who only read: Grafana, analysts. Run once by a superuser, with psql 14 or newer and the password in
-- the environment: LAGEBILD_READER_PASSWORD=… psql -f reader.sql
\getenv password LAGEBILD_READER_PASSWORD
CREATE ROLE reader LOGIN PASSWORD :'password';
GRANT pg_read_all_data TO reader;
