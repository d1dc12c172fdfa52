-- +goose Up

-- How an hour's events became its quantity, where that is not their sum; what was added to fill the last unit of a licence;
-- and, of an average, the part of the hour and the level before it (UTC microseconds).
alter table metering_total add column meter text not null default '';
alter table metering_total add column rounded text not null default '0';
alter table metering_total add column life_from_us bigint not null default 0;
alter table metering_total add column life_to_us bigint not null default 0;
alter table metering_total add column level_at_us bigint not null default 0;
alter table metering_total add column level text not null default '0';

-- The level that goes on into the next hour.
alter table metering_balance add column level_at_us bigint not null default 0;
alter table metering_balance add column level text not null default '0';

-- How much of what events count is in one unit of the record.
alter table metering_record add column per text not null default '1';

-- +goose Down
alter table metering_record drop column per;
alter table metering_balance drop column level;
alter table metering_balance drop column level_at_us;
alter table metering_total drop column level;
alter table metering_total drop column level_at_us;
alter table metering_total drop column life_to_us;
alter table metering_total drop column life_from_us;
alter table metering_total drop column rounded;
alter table metering_total drop column meter;
