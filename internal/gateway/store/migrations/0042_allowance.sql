-- +goose Up

-- What had been bought in advance of an hour's usage, and how much of an allowance has been used up in its period.
alter table metering_total add column covered text not null default '0';
alter table metering_balance add column cover_period text not null default '';
alter table metering_balance add column cover_bought text not null default '0';
alter table metering_balance add column cover_used text not null default '0';
alter table metering_balance add column cover_waiting text not null default '0';

-- +goose Down
alter table metering_balance drop column cover_waiting;
alter table metering_balance drop column cover_used;
alter table metering_balance drop column cover_bought;
alter table metering_balance drop column cover_period;
alter table metering_total drop column covered;
