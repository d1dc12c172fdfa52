package crash

import "time"

// disturbance is one thing that is done to the nodes or their database. When it returns, all are being served again.
type disturbance struct {
	what string
	do   func(c *cluster)
}

// lease is how long an owner may be silent and stay it.
const lease = 6 * time.Second

var ownerIsKilled = disturbance{"the owner is killed", func(c *cluster) {
	i, epoch := c.owner()
	c.back(i)
	c.after(epoch)
}}

var ownerIsAskedToEnd = disturbance{"the owner is asked to end", func(c *cluster) {
	i, epoch := c.owner()
	c.nodes[i].Proc.Stop()
	c.nodes[i].Again()
	c.after(epoch)
}}

var ownerHangs = disturbance{"the owner hangs until another node is it, and wakes up", func(c *cluster) {
	i, epoch := c.owner()
	c.nodes[i].Proc.Pause()
	c.after(epoch, i)
	c.wake(i, epoch)
}}

var standbyIsKilled = disturbance{"a node that stands by is killed", func(c *cluster) {
	i, _ := c.owner()
	c.back(c.any(i))
}}

// disturbances begin with those that a short run has, too.
var disturbances = []disturbance{
	{"a node is killed", func(c *cluster) { c.back(c.any(-1)) }},
	ownerIsKilled,
	ownerIsAskedToEnd,
	ownerHangs,
	{"a node hangs while the owner is killed", func(c *cluster) {
		i, epoch := c.owner()
		other := c.any(i)
		c.nodes[other].Proc.Pause()
		c.nodes[i].Proc.Kill()
		c.after(epoch, i, other)
		c.nodes[other].Proc.Resume()
		c.nodes[i].Again()
	}},
	{"PostgreSQL is killed", func(c *cluster) {
		c.server.Kill()
		c.server.Again(c.t)
	}},

	{"PostgreSQL is killed while the owner hangs, which wakes up when another node is it", func(c *cluster) {
		i, epoch := c.owner()
		c.nodes[i].Proc.Pause()
		c.server.Kill()
		c.server.Again(c.t)
		c.after(epoch, i)
		c.wake(i, epoch)
	}},
	{"PostgreSQL hangs for longer than a lease", func(c *cluster) {
		c.server.Pause(c.t)
		time.Sleep(lease + 2*time.Second)
		c.server.Resume(c.t)
	}},
	{"the owner hangs for about as long as a lease", func(c *cluster) {
		i, _ := c.owner()
		c.nodes[i].Proc.Pause()
		time.Sleep(lease - time.Second + time.Duration(c.rand.IntN(3000))*time.Millisecond)
		c.nodes[i].Proc.Resume()
	}},
	{"the owner hangs until another node is it, and is killed", func(c *cluster) {
		i, epoch := c.owner()
		c.nodes[i].Proc.Pause()
		c.after(epoch, i)
		c.back(i)
	}},
	{"PostgreSQL and the owner are killed", func(c *cluster) {
		i, epoch := c.owner()
		c.server.Kill()
		c.nodes[i].Proc.Kill()
		c.server.Again(c.t)
		c.after(epoch, i)
		c.nodes[i].Again()
	}},
	{"all nodes are killed", func(c *cluster) {
		for _, n := range c.nodes {
			n.Proc.Kill()
		}
		for _, n := range c.nodes {
			n.Again()
		}
	}},
}

// upsets are what happens to the nodes while time passes, in turn.
var upsets = []disturbance{ownerIsKilled, ownerHangs, standbyIsKilled, ownerIsAskedToEnd}
