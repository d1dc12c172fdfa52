// An integration of the older kind: a registration page, a worker on the notices' queue and a metering job, that make of
// AWS's SDK the calls which AWS's serverless sample makes, with the same members. What that keeps in DynamoDB is a Map.
// It is told what to do, one line of JSON each, and answers with what it then knows of its subscribers.
const { MarketplaceMeteringClient, ResolveCustomerCommand, BatchMeterUsageCommand } = require("@aws-sdk/client-marketplace-metering");
const { MarketplaceEntitlementServiceClient, GetEntitlementsCommand } = require("@aws-sdk/client-marketplace-entitlement-service");
const { SQSClient, CreateQueueCommand, SendMessageCommand, ReceiveMessageCommand, DeleteMessageCommand } = require("@aws-sdk/client-sqs");
const { createInterface } = require("node:readline");

const metering = new MarketplaceMeteringClient({ region: "us-east-1" });
const entitlements = new MarketplaceEntitlementServiceClient({ region: "us-east-1" });
const sqs = new SQSClient({ region: "us-east-1" });
const subscribers = new Map(); // by customer identifier

const change = (id, values) => subscribers.set(id, { ...subscribers.get(id), ...values });

/** The buyer's browser has brought a token, and the form its fields. */
async function register({ token, own }) {
  const { CustomerIdentifier, ProductCode, CustomerAWSAccountId } = await metering.send(new ResolveCustomerCommand({ RegistrationToken: token }));
  change(CustomerIdentifier, { product: ProductCode, account: CustomerAWSAccountId });
  if (own) { // of contracts: the worker is to look for entitlements at once
    const Message = { action: "entitlement-updated", "customer-identifier": CustomerIdentifier, "product-code": ProductCode };
    await sqs.send(new SendMessageCommand({ QueueUrl: own, MessageBody: JSON.stringify({ Type: "Notification", Message }) }));
  }
}

/** Reads a queue until it is empty. */
async function work({ queue }) {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return;
    for (const m of Messages) {
      let { Message: message } = JSON.parse(m.Body);
      if (typeof message === "string") message = JSON.parse(message);
      if (message) await take(message);
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle: m.ReceiptHandle }));
    }
  }
}

async function take(message) {
  const id = message["customer-identifier"];
  switch (message.action) {
    case "subscribe-success": return change(id, { subscribed: true, expired: false, trial: message.isFreeTrialTermPresent });
    case "unsubscribe-pending": return change(id, { ending: true });
    case "unsubscribe-success": return change(id, { subscribed: false, expired: true });
    case "entitlement-updated": {
      const got = await entitlements.send(new GetEntitlementsCommand({ ProductCode: message["product-code"], Filter: { CUSTOMER_IDENTIFIER: [id] } }));
      const have = got.Entitlements ?? [];
      return change(id, { entitled: Object.fromEntries(have.map((e) => [e.Dimension, e.Value.IntegerValue])), expired: have.length === 0 });
    }
    default: throw new Error(`an unknown action: ${message.action}`);
  }
}

/** Sends what one customer used, by dimension, stamped with the time of now. */
async function meter({ customer, product, used, now }) {
  const UsageRecords = Object.entries(used).map(([Dimension, Quantity]) => ({ CustomerIdentifier: customer, Dimension, Quantity, Timestamp: new Date(now) }));
  const { Results } = await metering.send(new BatchMeterUsageCommand({ ProductCode: product, UsageRecords }));
  change(customer, { metered: Results.map((r) => r.Status) });
}

const queue = async ({ name }) => ({ url: (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl });

const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");
(async () => {
  tell({ version: `an integration, node ${process.version}` });
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    try {
      const out = await { register, work, meter, queue }[order.input.do](order.input);
      tell({ output: out ?? Object.fromEntries(subscribers) });
    } catch (e) {
      tell({ output: null, code: e.name, message: e.message });
    }
  }
})();
