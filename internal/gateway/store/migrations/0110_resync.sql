-- +goose Up

-- What AWS says of the seller's agreements. What the book of licences knows of them from notices is in agreement.
create table aws_agreement (
    id          text   not null primary key,
    status      text   not null,
    customer    text   not null,
    offer       text   not null,
    product_id  text   not null,
    initial_id  text   not null,
    accepted_us bigint not null,
    starts_us   bigint not null,
    ends_us     bigint not null,
    updated_us  bigint not null,
    at_end      text   not null,
    at_end_why  text   not null,
    seen_us     bigint not null
);
create index aws_agreement_customer on aws_agreement (customer, id);
create index aws_agreement_initial on aws_agreement (initial_id, id);

-- The licenses that an agreement leads to, by AWS's word.
create table aws_agreement_license (
    agreement_id text not null,
    arn          text not null,
    primary key (agreement_id, arn)
);
create index aws_agreement_license_arn on aws_agreement_license (arn, agreement_id);

-- Comparisons with AWS, and what they found.
create table resync_run (
    id         text   not null primary key,
    cause      text   not null,
    asked_by   text   not null,
    license_id text   not null,
    dry        bigint not null,
    since_us   bigint not null,
    started_us bigint not null,
    ended_us   bigint not null,
    failure    text   not null,
    agreements bigint not null,
    repairs    bigint not null,
    links      bigint not null,
    unsettled  bigint not null
);
create index resync_run_started on resync_run (started_us, id);

create table resync_finding (
    run_id       text   not null,
    seq          bigint not null,
    agreement_id text   not null,
    license_id   text   not null,
    arn          text   not null,
    outcome      text   not null,
    fact         text   not null,
    fact_us      bigint not null,
    what         text   not null,
    at_us        bigint not null,
    primary key (run_id, seq)
);

-- +goose Down
drop table resync_finding;
drop table resync_run;
drop table aws_agreement_license;
drop table aws_agreement;
