//! One request on its way through the phases: what is known of it so far, and what each phase adds.

use std::fmt::Display;
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use aigw_core::{EndpointKey, ErrorCode, IssuerKey, Moment, Name, Operation, Peer, Phase, SurfaceName, World};
use aigw_kinds::authentication::{Presented, Unproved};
use aigw_kinds::authorization::Authorized;
use aigw_kinds::facts::Facts;
use aigw_kinds::limit::Claims;
use aigw_kinds::prompt::PromptInput;
use aigw_kinds::route::PathPattern;
use aigw_kinds::tenant::Tenant;
use aigw_kinds::validation::{Head, Input, InputBounds, judge_body, judge_head};
use aigw_kinds::{EndpointId, Identity, IssuerId, ModelId, Refusal, Scopes, TenantId};
use aigw_providers::dialect::errors::RequestError;
use aigw_providers::dialect::openai::{ChatRequest, EmbeddingsRequest};
use aigw_providers::json::{Object, ScanLimits, Splice, scan};
use aigw_providers::stream::StreamExpectation;
use bytes::Bytes;
use http::HeaderName;
use http::request::Parts;
use http_body::Body;

use crate::body::{ReadBounds, must_be_json, read, took_too_long};
use crate::counters::admit;
use crate::engine::Fixed;
use crate::head::check_headers;
use crate::loaded::{LoadedRoute, Matched, Tokens};
use crate::matcher::HeadFault;
use crate::phases::unreachable;
use crate::settle::Settlement;
use crate::wait::within;

/// What names the version of Azure's api that a client speaks.
const API_VERSION: &str = "api-version";

/// A request in the phases up to its answer's head.
pub(crate) struct Exchange<'r, W: World> {
    pub(crate) fixed: &'r Arc<Fixed>,
    pub(crate) parts: &'r Parts,
    /// Who is at the other end.
    pub(crate) peer: &'r Peer,
    /// The body, once read.
    pub(crate) body: &'r OnceLock<Bytes>,
    pub(crate) facts: Facts<'r>,
    pub(crate) settlement: Box<Settlement<W>>,
    /// When the whole request must be over.
    pub(crate) deadline: Moment,
    /// Why the head cannot be matched safely, where it cannot.
    pub(crate) head_fault: Option<HeadFault>,
    pub(crate) matched: Option<Matched<'r>>,
    /// The policies that this request is under, as far as it is known who sent it.
    pub(crate) scopes: Option<Scopes<'r>>,
    /// The caller's tenant.
    tenant: Option<&'r Tenant>,
    pub(crate) authorized: Authorized,
    /// The model that the client means.
    pub(crate) model: Option<ModelId>,
    /// What a call to a model is made from.
    pub(crate) content: Option<Content>,
}

/// A body that was read, and what policies want changed in it.
pub(crate) struct Content {
    pub(crate) object: Object,
    pub(crate) chat: Option<ChatRequest>,
    /// The model that the body names.
    named: Option<String>,
    pub(crate) splice: Splice,
}

impl<'r, W: World> Exchange<'r, W> {
    /// A request of which only the head is known.
    pub(crate) fn new(
        fixed: &'r Arc<Fixed>,
        parts: &'r Parts,
        peer: &'r Peer,
        body: &'r OnceLock<Bytes>,
        facts: Facts<'r>,
        settlement: Box<Settlement<W>>,
    ) -> Self {
        let deadline = settlement.began.after(fixed.loaded.gateway().bounds.request_time);
        Self {
            fixed,
            parts,
            peer,
            body,
            facts,
            settlement,
            deadline,
            head_fault: None,
            matched: None,
            scopes: None,
            tenant: None,
            authorized: Authorized::default(),
            model: None,
            content: None,
        }
    }

    /// The route that was found.
    pub(crate) fn matched(&self) -> Result<Matched<'r>, Refusal> {
        self.matched.ok_or_else(unreachable)
    }

    /// The policies that it is under.
    pub(crate) fn scopes(&self) -> Result<Scopes<'r>, Refusal> {
        self.scopes.ok_or_else(unreachable)
    }

    pub(crate) fn find_route(&mut self) -> Result<(), Refusal> {
        check_headers(&self.parts.headers, &self.fixed.loaded.gateway().bounds)?;
        if let Some(fault) = self.head_fault {
            return Err(Refusal::new(ErrorCode::InvalidRequest, fault.to_string()));
        }
        let matched = self.fixed.loaded.find_route(&self.facts, &mut self.settlement.notes.decisions)?;
        self.facts.route = Some(matched.plan);
        self.settlement.record.route = Some(matched.plan.origin.name.to_shared());
        self.settlement.record.route_at = Some(Arc::clone(matched.at));
        self.settlement.record.operation = Some(matched.row.operation.as_str().into());
        self.scopes = Some(matched.scopes());
        self.matched = Some(matched);
        Ok(())
    }

    /// Tries, and where a token names a key that is not known, has its issuer asked once and tries again.
    pub(crate) async fn authenticate(&mut self) -> Result<(), Refusal> {
        let route = self.matched()?.route;
        let mut asked: Option<IssuerId> = None;
        let identity = loop {
            let before = self.settlement.notes.decisions.len();
            let fault = match self.prove(route) {
                Ok(identity) => break identity,
                Err(fault) => fault,
            };
            let Some(issuer) = fault.keys_of.filter(|issuer| asked != Some(*issuer)) else { return Err(fault.refusal) };
            self.settlement.notes.decisions.truncate(before);
            let world = self.settlement.world.clone();
            let refreshing = pin!(world.refresh_issuer(IssuerKey(issuer.0)));
            within(&world, self.deadline, refreshing).await.ok_or_else(took_too_long)?;
            asked = Some(issuer);
        };
        if let Some(caller) = &identity {
            self.settlement.record.consumer = caller.name.as_ref().map(Name::to_shared);
            self.settlement.record.credential = Some(caller.credential.to_shared());
        }
        self.know_tenant(identity.as_ref().and_then(|caller| caller.tenant));
        self.facts.identity = identity;
        Ok(())
    }

    fn prove(&mut self, route: &LoadedRoute) -> Result<Option<Arc<Identity>>, Unproved> {
        let presented = self.presented();
        let world = &self.settlement.world;
        let tokens = Tokens { key_sets: &|issuer| world.issuer_keys(issuer), verified: &self.fixed.verified };
        self.fixed.loaded.authenticate(route, &presented, &tokens, &mut self.settlement.notes.decisions)
    }

    fn presented(&self) -> Presented<'r> {
        Presented { headers: &self.parts.headers, certificate: self.peer.certificate.as_deref(), now: self.facts.now }
    }

    /// From here on the tenant's policies count, and what it requires.
    fn know_tenant(&mut self, id: Option<TenantId>) {
        let loaded = &self.fixed.loaded;
        let Some((plan, tenant)) = id.and_then(|id| Some((id.of(loaded.program())?, loaded.tenant(id)?))) else { return };
        self.settlement.record.tenant = Some(plan.origin.name.to_shared());
        self.facts.tenant = Some(plan);
        self.scopes = self.scopes.map(|scopes| scopes.with_tenant(&tenant.policies));
        self.tenant = Some(tenant);
    }

    /// Whether the route is for this caller at all, and under which subscription. From here on the product's policies count.
    fn subscribe(&mut self, matched: &Matched<'r>) -> Result<(), Refusal> {
        let loaded = &self.fixed.loaded;
        let Some(found) = loaded.admit_caller(matched, &self.facts)? else { return Ok(()) };
        let product = loaded.product(found.product_id).ok_or_else(unreachable)?;
        let settlement = &mut self.settlement;
        settlement.product = Some(found.product_id);
        settlement.record.product = Some(found.product.origin.name.to_shared());
        settlement.record.subscription = Some(found.subscription.origin.name.to_shared());
        (self.facts.product, self.facts.subscription) = (Some(found.product), Some(found.subscription));
        self.scopes = self.scopes.map(|scopes| scopes.with_product(&product.policies));
        Ok(())
    }

    /// Whether the caller's tenant lets its requests go there.
    pub(crate) fn may_call(&self, endpoint: EndpointKey) -> bool {
        self.tenant.is_none_or(|tenant| tenant.may_call(EndpointId(endpoint.0)))
    }

    pub(crate) fn authorize(&mut self) -> Result<(), Refusal> {
        let matched = self.matched()?;
        self.subscribe(&matched)?;
        self.authorized =
            self.fixed.loaded.authorize(&matched, self.scopes()?, &self.facts, &mut self.settlement.notes.decisions)?;
        Ok(())
    }

    /// Counts the limits of a phase, and holds what they permit.
    pub(crate) async fn admit(&mut self, phase: Phase) -> Result<(), Refusal> {
        let loaded = &self.fixed.loaded;
        let mut claims = Claims::new();
        claims.gather(self.scopes()?.limits(), phase, &self.facts, loaded.expressions());
        if claims.drafts().is_empty() {
            return Ok(());
        }
        let world = self.settlement.world.clone();
        let counting = pin!(admit(&world, &claims, phase, &mut self.settlement.notes));
        let permits = within(&world, self.deadline, counting).await.ok_or_else(took_too_long)??;
        self.settlement.permits.extend(permits);
        Ok(())
    }

    /// Reads the body, where the operation has one, and what the dialect says of it.
    pub(crate) async fn validate<B>(&mut self, body: &mut B) -> Result<(), Refusal>
    where
        B: Body<Data = Bytes> + Send + Unpin,
        B::Error: Display,
    {
        let matched = self.matched()?;
        let operation = matched.row.operation;
        let validations = self.scopes()?.validations();
        let head = Head { facts: &self.facts, operation, has_body: !body.is_end_stream() };
        judge_head(validations.clone(), &head, &mut self.settlement.notes.decisions)?;
        let headers = &self.parts.headers;
        if matches!(operation, Operation::Chat | Operation::Embeddings) {
            self.names_its_version()?;
            must_be_json(headers)?;
        }
        let gateway = &self.fixed.loaded.gateway().bounds;
        let bounds = InputBounds::of(gateway, validations.clone(), operation);
        let decisions = &mut self.settlement.notes.decisions;
        let (mut raw, mut scanned): (&[u8], _) = (&[], None);
        if operation != Operation::Models {
            let reading = ReadBounds {
                bytes: bounds.body,
                idle: gateway.client_idle,
                rate: gateway.client_rate.as_bytes(),
                request_at: self.deadline,
            };
            let read = read(&self.settlement.world, body, headers, reading).await;
            let bytes = read.map_err(|refusal| bounds.blame(refusal, validations.clone(), operation, decisions))?;
            let bytes: &'r Bytes = self.body.get_or_init(|| bytes);
            self.facts.set_body(bytes);
            raw = bytes;
            if operation != Operation::Http {
                let content = Content::read(bytes, operation, bounds.json_depth);
                let content = content.map_err(|refusal| bounds.blame(refusal, validations.clone(), operation, decisions))?;
                self.settlement.record.stream = content.chat.as_ref().is_some_and(|chat| chat.stream);
                scanned = Some(&*self.content.insert(content));
            }
        }
        let (object, chat) = (scanned.map(|content| &content.object), scanned.and_then(|content| content.chat.as_ref()));
        let input = Input { operation, facts: &self.facts, body: raw, object, chat };
        judge_body(validations, &input, bounds, decisions)
    }

    /// Azure OpenAI's deployment paths, the only ones of its surface with a capture, demand an api version: a client that forgets it here must not
    /// learn so only when it talks to Azure again.
    fn names_its_version(&self) -> Result<(), Refusal> {
        let row = self.matched()?.row;
        let demands = row.surface == SurfaceName::AzureOpenai && matches!(row.path, PathPattern::Captures(_));
        if !demands || self.facts.query().get(API_VERSION).is_some() {
            return Ok(());
        }
        Err(Refusal::new(ErrorCode::MissingParameter, "the query parameter `api-version` is missing").about(API_VERSION))
    }

    pub(crate) async fn resolve(&mut self) -> Result<(), Refusal> {
        let matched = self.matched()?;
        let Some(content) = &mut self.content else { return Ok(()) };
        // What the path names wins over the body, as it does with Azure itself.
        let capture = |name| matched.capture(name, self.facts.path);
        let named = capture("deployment").or_else(|| capture("model")).or_else(|| content.named.take());
        let model = self.fixed.loaded.resolve(&matched, named.as_deref())?;
        self.admit_model(model).await?;
        self.name_model(model);
        self.model = Some(model);
        Ok(())
    }

    /// Notes which model serves.
    pub(crate) fn name_model(&mut self, model: ModelId) {
        self.settlement.record.model = model.of(self.fixed.loaded.program()).map(|plan| plan.origin.name.to_shared());
    }

    /// Notes that a fallback serves instead of the model that the client means.
    pub(crate) fn turn_to(&mut self, fallback: ModelId) {
        let meant = self.settlement.record.model.take();
        self.settlement.record.fallback_from = self.settlement.record.fallback_from.take().or(meant);
        self.name_model(fallback);
    }

    /// Whether this caller may use a model now, and counts it; asked anew for each fallback.
    pub(crate) async fn admit_model(&mut self, model: ModelId) -> Result<(), Refusal> {
        let matched = self.matched()?;
        let loaded = &self.fixed.loaded;
        self.facts.model = model.of(loaded.program());
        loaded.authorize_model(
            &matched,
            self.scopes()?,
            &self.facts,
            model,
            self.authorized,
            &mut self.settlement.notes.decisions,
        )?;
        self.admit(Phase::Resolve).await
    }

    pub(crate) fn prompt(&mut self) -> Result<(), Refusal> {
        let scopes = self.scopes()?;
        let Some(content) = &mut self.content else { return Ok(()) };
        let Some(chat) = content.chat.as_ref().filter(|_| scopes.prompts().next().is_some()) else { return Ok(()) };
        let loaded = &self.fixed.loaded;
        let input = PromptInput {
            request: chat,
            object: &content.object,
            facts: &self.facts,
            expressions: loaded.expressions(),
            random: self.settlement.world.random(),
        };
        content.splice = loaded.apply_prompts(scopes, &input, &mut self.settlement.notes.decisions)?;
        Ok(())
    }

    /// What a stream's end is judged by; `None` where no stream was asked for. A prompt may have capped the number of choices.
    pub(crate) fn expectation(&self) -> Option<StreamExpectation> {
        let content = self.content.as_ref()?;
        let chat = content.chat.as_ref().filter(|chat| chat.stream)?;
        let written = content.splice.current(&content.object, "n").and_then(|raw| std::str::from_utf8(raw).ok()?.parse().ok());
        Some(StreamExpectation { include_usage: chat.include_usage, choices: written.unwrap_or(chat.choices) })
    }

    /// Every header in which the route looks for a credential.
    pub(crate) fn credential_headers(&self) -> impl Iterator<Item = &'r HeaderName> {
        let policies = self.matched.map(|matched| matched.route.authentication.as_slice()).unwrap_or_default();
        policies.iter().flat_map(|policy| policy.headers())
    }
}

impl Content {
    fn read(bytes: &Bytes, operation: Operation, depth: u16) -> Result<Self, Refusal> {
        let object = scan(bytes, ScanLimits { depth, ..ScanLimits::default() }).map_err(RequestError::from)?;
        let (chat, named) = match operation {
            Operation::Embeddings => (None, EmbeddingsRequest::read(&object)?.model),
            Operation::Chat | Operation::Models | Operation::Http => {
                let mut chat = ChatRequest::read(&object)?;
                let named = chat.model.take();
                (Some(chat), named)
            }
        };
        Ok(Self { object, chat, named, splice: Splice::new() })
    }
}
