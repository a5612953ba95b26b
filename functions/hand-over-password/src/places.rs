//! Delivers a temporary password to one destination.

use domain::contact::PhoneNumber;
use domain::request::TicketRef;
use domain::step_error::StepError;
use domain::variables::PasswordDestination;
use integrations::OrgConfig;
use messages::Handed;
use notify::Sms;
use psa::{Note, NoteText, Psa};
use secrecy::SecretString;
use steps::StepContext;
use store::effects::{EffectState, random_mark};
use vault::Entry;
use vault::pwpush::Found;

/// The result of delivering to one destination.
pub(crate) enum Delivery {
    Done,
    /// The organisation chose the destination, but it does not exist for this person.
    NoSuchPlace(&'static str),
}

/// A note on the ticket that is written once, with its name, which is part of its mark, and its effect.
struct OneNote {
    name: &'static str,
    effect: &'static str,
}

const WITH_PASSWORD: OneNote = OneNote {
    name: "password",
    effect: "password/ticket",
};

const WITH_LINK: OneNote = OneNote {
    name: "password-link",
    effect: "password/pwpush",
};

/// The delivery of one request's password.
pub(crate) struct HandOver<'a> {
    pub(crate) cx: &'a StepContext,
    pub(crate) config: &'a OrgConfig,
    pub(crate) password: &'a SecretString,
}

impl HandOver<'_> {
    pub(crate) async fn deliver(&self, place: PasswordDestination) -> Result<Delivery, StepError> {
        match place {
            PasswordDestination::TicketNote => self.to_ticket().await,
            PasswordDestination::ItGlue | PasswordDestination::Hudu | PasswordDestination::Passportal => {
                self.to_vault(place).await
            }
            PasswordDestination::PwPush => self.to_technicians().await,
            PasswordDestination::Manager => self.to_manager().await,
        }
    }

    async fn to_ticket(&self) -> Result<Delivery, StepError> {
        let Some(ticket) = &self.cx.record.ticket else {
            return Ok(Delivery::NoSuchPlace("there is no ticket"));
        };
        let Some(psa) = self.psa().await? else {
            return Ok(Delivery::NoSuchPlace("notes that are mails never carry a password"));
        };
        let password = async || Ok(Handed::Password(self.password.clone()));
        self.note(&psa, ticket, WITH_PASSWORD, password).await?;
        Ok(Delivery::Done)
    }

    async fn to_vault(&self, place: PasswordDestination) -> Result<Delivery, StepError> {
        let vault = self.cx.vault(place).await?;
        let key = &self.cx.key;
        let entry = |mark: &str| Entry {
            marker: format!("{}/{mark}", key.request),
            name: format!("Temporary password of {}", self.cx.record.plan.display_name),
            username: self.cx.upn().to_owned(),
            password: self.password.clone(),
        };
        let there = async |mark: &str| {
            let there = vault.has(&entry(mark)).await?;
            if there.is_none() {
                runtime::metric("VaultRepeated", 1.0);
            }
            Ok(there.unwrap_or_default().then_some(()))
        };
        let effect = format!("password/{place}");
        self.cx
            .store
            .once_marked(key, &effect, there, async |mark| vault.write(&entry(mark)).await)
            .await?;
        Ok(Delivery::Done)
    }

    /// Writes a link to the ticket, or mails it if there is no ticket. A mail may contain only a link.
    async fn to_technicians(&self) -> Result<Delivery, StepError> {
        if let (Some(ticket), Some(psa)) = (&self.cx.record.ticket, self.psa().await?) {
            let link = async || self.link("technicians").await.map(Handed::Link);
            self.note(&psa, ticket, WITH_LINK, link).await?;
            return Ok(Delivery::Done);
        }
        let Some(to) = &self.config.variables.no_psa_mail_address else {
            return Ok(Delivery::NoSuchPlace(
                "there is neither a ticket nor no_psa_mail_address for the link",
            ));
        };
        let compose = async || {
            let link = self.link("technicians").await?;
            let text = messages::password(self.cx.upn(), &Handed::Link(link.clone()), &self.config.variables);
            let (person, organisation) = (&self.cx.record.plan.display_name, &self.config.organisation.name);
            let mail = messages::password_link_mail(person, organisation, text);
            self.cx.mail(to.as_str(), mail, vec![link]).await
        };
        self.cx.mail_once(WITH_LINK.effect, compose).await?;
        Ok(Delivery::Done)
    }

    /// Sends a mail if the manager has a mailbox, otherwise a text message.
    async fn to_manager(&self) -> Result<Delivery, StepError> {
        const EFFECT: &str = "password/manager";
        let Some(manager) = &self.cx.record.plan.password_manager else {
            return Ok(Delivery::NoSuchPlace(match self.cx.record.plan.rehired {
                Some(_) => "the directory has no manager of the account that was enabled again",
                None => "there is no manager",
            }));
        };
        let graph = self.cx.graph().await?;
        let Some(manager) = graph.user(&manager.id).await? else {
            return Ok(Delivery::NoSuchPlace("the manager has no account any more"));
        };
        let upn = self.cx.upn();
        if let Some(address) = &manager.mail {
            let compose = async || {
                let (handed, links) = self.handed_to("manager").await?;
                let (person, organisation) = (&self.cx.record.plan.display_name, &self.config.organisation.name);
                let mail = messages::password_mail(person, organisation, upn, &handed, &self.config.variables);
                self.cx.mail(address, mail, links).await
            };
            self.cx.mail_once(EFFECT, compose).await?;
            return Ok(Delivery::Done);
        }
        let Some(Ok(number)) = manager.mobile_phone.as_deref().map(PhoneNumber::parse) else {
            return Ok(Delivery::NoSuchPlace(
                "the manager has neither a mailbox nor a mobile number with its country code",
            ));
        };
        let compose = async || {
            let (handed, _) = self.handed_to("manager").await?;
            let text = messages::password_sms(upn, &handed, &self.config.variables);
            Ok(Sms {
                to: number.clone(),
                text,
            })
        };
        self.cx.sms_once(EFFECT, compose).await?;
        Ok(Delivery::Done)
    }

    /// The ticket system, if it keeps tickets.
    async fn psa(&self) -> Result<Option<Psa>, StepError> {
        let psa = self.cx.psa().await?;
        Ok(psa.filter(Psa::carries_secrets))
    }

    async fn note(
        &self,
        psa: &Psa,
        ticket: &TicketRef,
        OneNote { name, effect }: OneNote,
        handed: impl AsyncFn() -> Result<Handed, StepError>,
    ) -> Result<(), StepError> {
        let key = &self.cx.key;
        let marker = |mark: &str| format!("{}/{mark}/{name}", key.request);
        let there = async |mark: &str| Ok(psa.has_note(ticket, &marker(mark)).await?.then_some(()));
        let add = async |mark: &str| {
            let text = messages::password(self.cx.upn(), &handed().await?, &self.config.variables);
            let note = Note {
                marker: marker(mark),
                text: NoteText::Secret(text),
                internal: true,
                minutes: None,
            };
            psa.add_note(ticket, &note).await
        };
        self.cx.store.once_marked(key, effect, there, add).await
    }

    /// The content of a message. If `pwpush_url` is set, it is always a link and never the password, even if PWPush
    /// fails.
    async fn handed_to(&self, recipient: &str) -> Result<(Handed, Vec<SecretString>), StepError> {
        if self.config.variables.pwpush_url.is_none() {
            return Ok((Handed::Password(self.password.clone()), Vec::new()));
        }
        let link = self.link(recipient).await?;
        Ok((Handed::Link(link.clone()), vec![link]))
    }

    /// The link to the recipient's own push. If the server can be asked for an earlier attempt's push, that one is used
    /// again. The link is not stored, because it opens the password.
    async fn link(&self, recipient: &str) -> Result<SecretString, StepError> {
        let pwpush = self.cx.pwpush().await?;
        let key = &self.cx.key;
        let effect = format!("password/push/{recipient}");
        let marker = |mark: &str| format!("{}/{mark}/{recipient}", key.request);
        let mark = random_mark();
        match self.cx.store.intend::<(), String>(key, &effect, &mark).await? {
            EffectState::New => pwpush.push(&marker(&mark), self.password).await,
            EffectState::Done(()) => Err(StepError::Permanent("a link is kept nowhere".to_owned())),
            EffectState::Intended(mark) => {
                match pwpush.find(&marker(&mark)).await? {
                    Found::Link(link) => return Ok(link),
                    Found::Nothing => {}
                    Found::CannotSay => runtime::metric("PushRepeated", 1.0),
                }
                pwpush.push(&marker(&mark), self.password).await
            }
        }
    }
}
