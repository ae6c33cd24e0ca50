"""What the URLs of senders may say, which the API and the workers check alike."""
