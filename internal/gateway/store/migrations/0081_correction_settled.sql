-- +goose Up

-- When AWS decided on the adjustment; and the hour in which added usage is billed (0: none).
alter table correction add column settled_us bigint not null default 0;
alter table correction add column hour       bigint not null default 0;

-- +goose Down
alter table correction drop column hour;
alter table correction drop column settled_us;
