-- +goose Up
create table api_key (
    id         text primary key,
    name       text not null,
    hash       text not null unique,
    created_us bigint not null,
    used_us    bigint not null,
    revoked_us bigint not null
);

-- +goose Down
drop table api_key;
