"""What every service needs: settings, logging, metrics, health, the Kafka connection and the topics."""
