//! What each actor does, as a tree of answers: every distinct history is run once, ever.
//!
//! Many histories come to the same. A counter's sum is mostly compared and forgotten, and a tree that told all sums
//! apart would be as large as the number of orders in which actors can pass the counters. So two histories of one node
//! that differ in such a sum, and after which the actor does the same next, lead to one node: *a node is what the actor
//! did, not what it was told*. That is a guess, and it is checked: a node keeps some of the histories that lead to it,
//! and whenever it gets an answer, all of them get it too. If they part ways, the sum that made the difference is
//! remembered as telling, and the exploration begins again with sums of that kind told apart.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
};

use crate::{
    Actor,
    intern::Interner,
    operation::{Operation, Reply},
    replay::{self, Blank},
};

/// How many histories besides its own a node is tried with.
const OTHERS: usize = 6;

/// What an actor does at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Operation(Operation),
    /// The outcome's number.
    End(u32),
    /// Nothing: it was given answers to questions it never asked.
    Astray,
}

/// Two histories were one node and turned out to differ. The exploration begins again.
#[derive(Debug)]
pub(crate) struct Parted;

struct Node {
    actor: usize,
    step: Step,
    /// Whether it has stood in line; see [`crate::Explore::in_line`].
    lined_up: bool,
    history: Rc<[Reply]>,
    others: Vec<Rc<[Reply]>>,
    answers: HashMap<Reply, u32>,
}

pub(crate) struct Behaviours<'a, O> {
    actors: &'a [Actor<'a, O>],
    names: &'a RefCell<Interner>,
    blank: Option<&'a Blank<'a>>,
    merging: bool,
    line: Option<u32>,
    outcomes: Vec<O>,
    nodes: Vec<Node>,
    roots: Vec<u32>,
    /// Of nodes that may be one: their parent, what they do, and the answer where it is telling.
    merged: HashMap<(u32, Step, Option<Reply>), u32>,
    /// Actor and key of counters whose sums are told apart.
    telling: HashSet<(usize, u32)>,
    runs: u64,
}

impl<'a, O: Clone + Eq> Behaviours<'a, O> {
    pub fn new(
        actors: &'a [Actor<'a, O>],
        names: &'a RefCell<Interner>,
        blank: Option<&'a Blank<'a>>,
        merging: bool,
        line: Option<u32>,
    ) -> Self {
        let mut new = Self {
            actors,
            names,
            blank,
            merging,
            line,
            outcomes: Vec::new(),
            nodes: Vec::new(),
            roots: Vec::new(),
            merged: HashMap::new(),
            telling: HashSet::new(),
            runs: 0,
        };
        new.begin();
        new
    }

    /// Forgets the nodes, but not what is telling.
    pub fn begin(&mut self) {
        self.nodes.clear();
        self.roots.clear();
        self.merged.clear();
        for actor in 0..self.actors.len() {
            let step = self.run(actor, &[]);
            let root = self.add(actor, step, false, Rc::from([]));
            self.roots.push(root);
        }
    }

    pub fn root(&self, actor: usize) -> u32 {
        self.roots[actor]
    }

    pub fn step(&self, node: u32) -> Step {
        self.nodes[node as usize].step
    }

    pub fn outcome(&self, number: u32) -> &O {
        &self.outcomes[number as usize]
    }

    /// Whether its caller has stood in the line.
    pub fn lined_up(&self, node: u32) -> bool {
        self.nodes[node as usize].lined_up
    }

    /// Nodes, histories that were run, and counters whose sums are told apart.
    pub fn size(&self) -> (usize, u64, usize) {
        (self.nodes.len(), self.runs, self.telling.len())
    }

    /// The node after an answer.
    pub fn after(&mut self, node: u32, reply: Reply) -> Result<u32, Parted> {
        if let Some(next) = self.nodes[node as usize].answers.get(&reply) {
            return Ok(*next);
        }
        let actor = self.nodes[node as usize].actor;
        let history = longer(&self.nodes[node as usize].history, reply);
        let step = self.run(actor, &history);
        assert_ne!(step, Step::Astray, "{} is not deterministic", self.actors[actor].name);
        let next = self.place(node, reply, step, &history);
        self.nodes[node as usize].answers.insert(reply, next);
        for other in self.nodes[node as usize].others.clone() {
            self.join(next, longer(&other, reply))?;
        }
        if self.nodes[next as usize].history != history {
            self.join(next, history)?;
        }
        Ok(next)
    }

    /// Finds the node for this step, or makes it.
    fn place(&mut self, node: u32, reply: Reply, step: Step, history: &Rc<[Reply]>) -> u32 {
        let actor = self.nodes[node as usize].actor;
        let Step::Operation(asked) = self.nodes[node as usize].step else {
            unreachable!("an ended actor asks nothing")
        };
        let forgotten = self.merging && matches!(reply, Reply::Sum(_)) && !self.telling.contains(&(actor, asked.key()));
        let sort = (node, step, (!forgotten).then_some(reply));
        if let Some(known) = self.merged.get(&sort) {
            return *known;
        }
        let lined_up = self.nodes[node as usize].lined_up || self.line == Some(asked.key());
        let new = self.add(actor, step, lined_up, history.clone());
        self.merged.insert(sort, new);
        new
    }

    /// Lets `node` stand for one more history, if it goes on as its own does.
    fn join(&mut self, node: u32, history: Rc<[Reply]>) -> Result<(), Parted> {
        let Node { actor, step, .. } = self.nodes[node as usize];
        if self.nodes[node as usize].others.len() >= OTHERS {
            return Ok(());
        }
        if self.run(actor, &history) != step {
            self.blame(node, &history);
            return Err(Parted);
        }
        self.nodes[node as usize].others.push(history.clone());
        for (reply, next) in self.nodes[node as usize].answers.clone() {
            self.join(next, longer(&history, reply))?;
        }
        Ok(())
    }

    /// Remembers which sums make the difference between this history and the node's own: those that alone do, else all.
    fn blame(&mut self, node: u32, history: &[Reply]) {
        let Node { actor, step, history: ref own, .. } = self.nodes[node as usize];
        let own = own.clone();
        let differing: Vec<usize> = (0..own.len()).filter(|i| own[*i] != history[*i]).collect();
        let alone: Vec<usize> = differing
            .iter()
            .copied()
            .filter(|i| {
                let mut changed = own.to_vec();
                changed[*i] = history[*i];
                self.run(actor, &changed) != step
            })
            .collect();
        for i in if alone.is_empty() { differing } else { alone } {
            let Step::Operation(asked) = self.run(actor, &own[..i]) else { unreachable!("it went on from there") };
            self.telling.insert((actor, asked.key()));
        }
    }

    fn run(&mut self, actor: usize, answers: &[Reply]) -> Step {
        self.runs += 1;
        match replay::run(&*self.actors[actor].run, answers, self.names, self.blank) {
            replay::Next::Astray => Step::Astray,
            replay::Next::Operation(operation) => Step::Operation(operation),
            replay::Next::End(outcome) => {
                let known = self.outcomes.iter().position(|known| *known == outcome);
                let number = known.unwrap_or_else(|| {
                    self.outcomes.push(outcome);
                    self.outcomes.len() - 1
                });
                Step::End(number as u32)
            }
        }
    }

    fn add(&mut self, actor: usize, step: Step, lined_up: bool, history: Rc<[Reply]>) -> u32 {
        self.nodes.push(Node { actor, step, lined_up, history, others: Vec::new(), answers: HashMap::new() });
        u32::try_from(self.nodes.len() - 1).expect("fewer than four thousand million")
    }
}

fn longer(history: &[Reply], reply: Reply) -> Rc<[Reply]> {
    history.iter().copied().chain([reply]).collect()
}
