-- +goose Up

-- The partition of licences that a row of the ledger belongs to, as in the log: 0 while there is one. It is in every key, so that
-- an engine that shards can have all that one owner writes on one shard. A column with a constant default costs nothing; the keys
-- are made anew. Ids come first in theirs, because people look for one without knowing the partition.
alter table metering_total add column part bigint not null default 0;
alter table metering_total drop constraint metering_total_pkey, add primary key (part, hour, license, dimension, reason);

alter table metering_balance add column part bigint not null default 0;
alter table metering_balance drop constraint metering_balance_pkey, add primary key (part, license, dimension);

alter table metering_writeoff add column part bigint not null default 0;
alter table metering_writeoff drop constraint metering_writeoff_pkey, add primary key (part, license, dimension, at_us, hour);

alter table metering_record add column part bigint not null default 0;
alter table metering_record drop constraint metering_record_pkey, drop constraint metering_record_license_dimension_hour_key,
    add primary key (id, part), add unique (part, license, dimension, hour);
drop index metering_record_open;
drop index metering_record_sending;
drop index metering_record_parked;
create index metering_record_open on metering_record (part, deadline_us, id, retry_us) where state in ('waiting', 'parked');
create index metering_record_sending on metering_record (part, attempt) where state = 'sending';
create index metering_record_parked on metering_record (part, id) where state = 'parked';

alter table metering_attempt add column part bigint not null default 0;
alter table metering_attempt drop constraint metering_attempt_pkey, add primary key (id, part);

alter table metering_count add column part bigint not null default 0;
alter table metering_count drop constraint metering_count_pkey, add primary key (part, state);

-- +goose Down
alter table metering_count drop constraint metering_count_pkey, add primary key (state);
alter table metering_count drop column part;
alter table metering_attempt drop constraint metering_attempt_pkey, add primary key (id);
alter table metering_attempt drop column part;
drop index metering_record_parked;
drop index metering_record_sending;
drop index metering_record_open;
alter table metering_record drop constraint metering_record_pkey, drop constraint metering_record_part_license_dimension_hour_key,
    add primary key (id), add unique (license, dimension, hour);
alter table metering_record drop column part;
create index metering_record_open on metering_record (deadline_us, id, retry_us) where state in ('waiting', 'parked');
create index metering_record_sending on metering_record (attempt) where state = 'sending';
create index metering_record_parked on metering_record (id) where state = 'parked';
alter table metering_writeoff drop constraint metering_writeoff_pkey, add primary key (license, dimension, at_us, hour);
alter table metering_writeoff drop column part;
alter table metering_balance drop constraint metering_balance_pkey, add primary key (license, dimension);
alter table metering_balance drop column part;
alter table metering_total drop constraint metering_total_pkey, add primary key (hour, license, dimension, reason);
alter table metering_total drop column part;
