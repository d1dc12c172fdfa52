-- +goose Up

-- How many records there are in each final state, and 'all' of them: kept with them, because counting them reads them.
create table metering_count (
    state   text   not null primary key,
    records bigint not null
);
insert into metering_count (state, records)
    select state, count(*) from metering_record where state in ('honoured', 'carried', 'unbillable') group by state
    union all select 'all', count(*) from metering_record;
create index metering_record_parked on metering_record (id) where state = 'parked';

-- +goose Down
drop index metering_record_parked;
drop table metering_count;
