package org.lagebild.example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints a line for each event record, those from before the start too, until SIGTERM or Ctrl-C. */
public final class ReadEvents {
    private static final Set<String> KNOWN = Set.of("deployment", "supply", "statement");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] arguments) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", arguments[0],
                "group.id", arguments[2],
                "auto.offset.reset", "earliest",
                "enable.auto.commit", false);
        Thread main = Thread.currentThread();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                consumer.wakeup();
                join(main);
            }));
            consumer.subscribe(List.of(arguments[1]));
            while (true) {
                ConsumerRecords<String, byte[]> records = consumer.poll(Duration.ofMillis(500));
                for (ConsumerRecord<String, byte[]> record : records) {
                    handle(record.value());
                }
                if (!records.isEmpty()) {
                    // Only now: what was not handled when the process dies is read again.
                    consumer.commitSync();
                }
            }
        } catch (WakeupException stopped) {
            // The consumer is closed, its partitions are given back: that is all.
        }
    }

    /** What your program does with a record; one of a later version that it does not know is no error. */
    static void handle(byte[] value) {
        JsonNode event = parse(value);
        String type = event.path("type").asText();
        if (!event.path("schema_version").asText().startsWith("1.") || !KNOWN.contains(type)) {
            System.err.println("passed over: " + type + " " + event.path("schema_version").asText());
            return;
        }
        OUT.println(String.join("\t",
                event.get("event_id").asText(),
                type,
                event.get("status").asText(),
                event.get("article").get("id").asText(),
                marked(event.get("evidence"), event.get("anchor"))));
    }

    /** The sentence with the anchor in brackets. Offsets count code points, Java's strings UTF-16 units. */
    static String marked(JsonNode sentence, JsonNode anchor) {
        String text = sentence.get("text").asText();
        int begin = sentence.get("start").asInt();
        int start = text.offsetByCodePoints(0, anchor.get("start").asInt() - begin);
        int end = text.offsetByCodePoints(0, anchor.get("end").asInt() - begin);
        String whole = text.substring(0, start) + "[" + text.substring(start, end) + "]" + text.substring(end);
        return whole.replace('\n', ' ');
    }

    private static JsonNode parse(byte[] value) {
        try {
            return value == null ? JSON.createObjectNode() : JSON.readTree(value);
        } catch (IOException broken) {
            throw new IllegalArgumentException("not JSON, and no record of Lagebild", broken);
        }
    }

    private static void join(Thread main) {
        try {
            main.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private ReadEvents() {}
}
