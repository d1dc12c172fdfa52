-- +goose Up

-- The partition of licences that a row of the ledger belongs to, as in the log: 0 while there is one. No file of SQLite's is ever
-- spread over shards, so that the large tables keep the keys that they have, which are as unique, and need not be written anew; only
-- where a statement names the key (on conflict) it is the one that PostgreSQL has.
alter table metering_total add column part bigint not null default 0;
alter table metering_writeoff add column part bigint not null default 0;
alter table metering_attempt add column part bigint not null default 0;
alter table metering_record add column part bigint not null default 0;
drop index metering_record_open;
drop index metering_record_sending;
drop index metering_record_parked;
create index metering_record_open on metering_record (part, deadline_us, id, retry_us) where state in ('waiting', 'parked');
create index metering_record_sending on metering_record (part, attempt) where state = 'sending';
create index metering_record_parked on metering_record (part, id) where state = 'parked';

create table metering_balance_of_part (
    license       text   not null,
    dimension     text   not null,
    amount        text   not null,
    since_us      bigint not null,
    level_at_us   bigint not null default 0,
    level         text   not null default '0',
    cover_period  text   not null default '',
    cover_bought  text   not null default '0',
    cover_used    text   not null default '0',
    cover_waiting text   not null default '0',
    part          bigint not null default 0,
    primary key (part, license, dimension)
);
insert into metering_balance_of_part (license, dimension, amount, since_us, level_at_us, level, cover_period, cover_bought, cover_used, cover_waiting)
    select license, dimension, amount, since_us, level_at_us, level, cover_period, cover_bought, cover_used, cover_waiting from metering_balance;
drop table metering_balance;
alter table metering_balance_of_part rename to metering_balance;

create table metering_count_of_part (
    state   text   not null,
    records bigint not null,
    part    bigint not null default 0,
    primary key (part, state)
);
insert into metering_count_of_part (state, records) select state, records from metering_count;
drop table metering_count;
alter table metering_count_of_part rename to metering_count;

-- +goose Down
create table metering_count_of_all (
    state   text   not null primary key,
    records bigint not null
);
insert into metering_count_of_all (state, records) select state, records from metering_count;
drop table metering_count;
alter table metering_count_of_all rename to metering_count;

create table metering_balance_of_all (
    license       text   not null,
    dimension     text   not null,
    amount        text   not null,
    since_us      bigint not null,
    level_at_us   bigint not null default 0,
    level         text   not null default '0',
    cover_period  text   not null default '',
    cover_bought  text   not null default '0',
    cover_used    text   not null default '0',
    cover_waiting text   not null default '0',
    primary key (license, dimension)
);
insert into metering_balance_of_all (license, dimension, amount, since_us, level_at_us, level, cover_period, cover_bought, cover_used, cover_waiting)
    select license, dimension, amount, since_us, level_at_us, level, cover_period, cover_bought, cover_used, cover_waiting from metering_balance;
drop table metering_balance;
alter table metering_balance_of_all rename to metering_balance;

drop index metering_record_parked;
drop index metering_record_sending;
drop index metering_record_open;
alter table metering_record drop column part;
create index metering_record_open on metering_record (deadline_us, id, retry_us) where state in ('waiting', 'parked');
create index metering_record_sending on metering_record (attempt) where state = 'sending';
create index metering_record_parked on metering_record (id) where state = 'parked';
alter table metering_attempt drop column part;
alter table metering_writeoff drop column part;
alter table metering_total drop column part;
