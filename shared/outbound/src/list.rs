//! Paged lists. An organisation that sets an address also controls the server, which may never stop sending pages, so a
//! list has limits of its own.

use std::time::Duration;

use domain::step_error::StepError;
use tokio::time::{Instant, timeout_at};

use crate::reply::Reply;

/// The most bytes of a whole list. A list longer than the longest real one is treated as a loop.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// The longest time for a whole list; the function has other calls to make in its own time.
const MOST_TIME: Duration = Duration::from_secs(30);

/// The limits of one list while it is read: pages, bytes and time. Exceeding one is an error, so a caller never gets
/// part of a list.
#[derive(Debug)]
pub struct Pages {
    system: &'static str,
    operation: &'static str,
    number: usize,
    most: usize,
    bytes_left: usize,
    until: Instant,
}

impl Pages {
    /// Starts a list of at most `most` pages; a longer one is treated as a loop.
    pub fn new(system: &'static str, operation: &'static str, most: usize) -> Self {
        Self {
            system,
            operation,
            number: 0,
            most,
            bytes_left: MOST_BYTES,
            until: Instant::now() + MOST_TIME,
        }
    }

    /// The number of the next page, from 1, or an error if there are too many.
    pub fn turn(&mut self) -> Result<usize, StepError> {
        self.number += 1;
        if self.number > self.most {
            return Err(StepError::Permanent(format!(
                "{} did not come to an end ({})",
                self.system, self.operation
            )));
        }
        Ok(self.number)
    }

    /// Reads the response with the next page.
    pub async fn read(&mut self, call: impl Future<Output = Result<Reply, StepError>>) -> Result<Reply, StepError> {
        let Ok(reply) = timeout_at(self.until, call).await else {
            let (system, operation) = (self.system, self.operation);
            return Err(StepError::Transient(format!("{system} took too long ({operation})")));
        };
        let reply = reply?;
        self.count(reply.size())?;
        Ok(reply)
    }

    fn count(&mut self, bytes: usize) -> Result<(), StepError> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            StepError::Permanent(format!(
                "{} answered {} with more than {MOST_BYTES} bytes in all",
                self.system, self.operation
            ))
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new("Vendor", "list things", 3)
    }

    #[tokio::test]
    async fn pages_are_numbered_and_end() {
        let mut pages = pages();
        assert_eq!([pages.turn(), pages.turn(), pages.turn()], [Ok(1), Ok(2), Ok(3)]);
        let endless = StepError::Permanent("Vendor did not come to an end (list things)".to_owned());
        assert_eq!(pages.turn(), Err(endless));
    }

    #[tokio::test]
    async fn pages_share_the_limit_of_bytes() {
        let mut pages = pages();
        assert_eq!(pages.count(MOST_BYTES - 1), Ok(()));
        assert_eq!(pages.count(1), Ok(()));
        assert!(matches!(pages.count(1), Err(StepError::Permanent(text)) if text.contains("bytes in all")));
    }

    #[tokio::test(start_paused = true)]
    async fn pages_share_the_limit_of_time() {
        let mut pages = pages();
        let slow = async |seconds| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            Err(StepError::Permanent("an answer".to_owned()))
        };
        for _ in 0..2 {
            let answer = pages.read(slow(14)).await.unwrap_err();
            assert_eq!(answer, StepError::Permanent("an answer".to_owned()));
        }
        let late = pages.read(std::future::pending()).await.unwrap_err();
        assert_eq!(
            late,
            StepError::Transient("Vendor took too long (list things)".to_owned())
        );
    }
}
