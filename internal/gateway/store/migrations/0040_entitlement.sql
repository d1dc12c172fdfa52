-- +goose Up

-- What is known of a licence's entitlements, and when AWS is asked next.
create table entitlement (
    license_id          text primary key,
    product_code        text not null,
    arn                 text not null,
    customer_identifier text not null,
    activated_us        bigint not null,
    at_us               bigint not null,
    changed_us          bigint not null,
    listed_us           bigint not null,
    told_us             bigint not null,
    due_us              bigint not null,
    failures            bigint not null,
    failure             text not null
);

-- AWS's answers that differ from the one before; the newest still holds. An empty one has no lines.
create table entitlement_answer (
    license_id text not null,
    at_us      bigint not null,
    primary key (license_id, at_us)
);
create table entitlement_line (
    license_id text not null,
    at_us      bigint not null,
    line       bigint not null,
    dimension  text not null,
    kind       text not null,
    value      text not null,
    expires_us bigint not null,
    primary key (license_id, at_us, line),
    foreign key (license_id, at_us) references entitlement_answer (license_id, at_us)
);

-- +goose Down
drop table entitlement_line;
drop table entitlement_answer;
drop table entitlement;
