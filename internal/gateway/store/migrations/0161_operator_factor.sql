-- +goose Up

-- The second factor of an operator who has one. step is the newest that was used, in 30 seconds since 1970.
create table operator_factor (
    operator text   primary key references operator (id),
    secret   text   not null,
    step     bigint not null,
    added_us bigint not null
);

-- Its recovery codes that were not used. hash is of the code and its owner.
create table operator_recovery (
    hash     text primary key,
    operator text not null references operator_factor (operator)
);
create index operator_recovery_operator on operator_recovery (operator);

-- +goose Down
drop table operator_recovery;
drop table operator_factor;
