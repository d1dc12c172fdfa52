-- +goose Up

-- What the seller's people should look at, one row for each cause, whatever became of it. Written in the transaction of what it tells.
create table alert (
    id         text    primary key,
    kind       text    not null,
    cause      text    not null,
    license_id text    not null,
    product    text    not null,
    about      text    not null,
    say        text    not null,
    times      bigint  not null,
    state      text    not null,
    since_us   bigint  not null,
    found_us   bigint  not null,
    told_us    bigint  not null,
    told       bigint  not null,
    is_open    boolean not null,
    telling    bigint  not null,
    due_us     bigint  not null
);
create index alert_due on alert (due_us, id) where due_us <> 0;
create index alert_found on alert (found_us, id);

-- +goose Down
drop table alert;
