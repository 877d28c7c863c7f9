using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Changes;

namespace Gateway.Commands.Remote;

/// <summary>The running state as a configuration file: the configuration in force, with the weights that persons set.</summary>
internal static class RunningState
{
    // No section of a configuration has this name.
    private const string WrittenTo = "file";

    private static readonly JsonSerializerOptions _indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the state to a file that only its owner may read, whole or not at all.</summary>
    /// <param name="client">Who is asked.</param>
    /// <param name="screen">Where is told what is left out.</param>
    /// <param name="file">Where to; null and <c>-</c> are standard output.</param>
    /// <returns>What is to be shown: the file that was written, or the state itself.</returns>
    public static async Task<JsonNode> SaveAsync(GatewayClient client, Screen screen, string? file)
    {
        file = file == "-" ? null : file;
        // On a terminal secrets have no business; a file that starts the same Gateway needs them.
        var state = await ReadAsync(client, screen, secrets: file is not null);
        if (file is null)
        {
            return state;
        }

        Versions.Write(Path.GetFullPath(file), Encoding.UTF8.GetBytes(state.ToJsonString(_indented) + "\n"));
        return new JsonObject { [WrittenTo] = Path.GetFullPath(file) };
    }

    /// <summary>Shows the state; nothing where it is in a file.</summary>
    public static void Show(Screen screen, JsonNode saved)
    {
        if (saved[WrittenTo] is null)
        {
            screen.Json(saved);
        }
    }

    private static async Task<JsonNode> ReadAsync(GatewayClient client, Screen screen, bool secrets)
    {
        var configuration = (await client.GetAsync(secrets ? "configuration?secrets=true" : "configuration"))["configuration"]
            ?.DeepClone() ?? new JsonObject();
        foreach (var path in LeaveHiddenOut(configuration, "").ToList())
        {
            await screen.ErrorAsync(
                $"note: {path} is secret and left out; an admin who saves to a FILE gets it");
        }

        foreach (var cluster in Tables.Items(await client.GetAsync("clusters?destinations=true")))
        {
            foreach (var destination in Tables.Items(cluster?["destinations"]))
            {
                var words = destination?["words"];
                if (words?["weight"] is { } weight
                    && configuration["ReverseProxy"]?["Clusters"]?[$"{cluster?["id"]}"]?["Destinations"]?[$"{destination?["id"]}"] is JsonObject written)
                {
                    written["Weight"] = (weight is JsonObject order ? order["weight"] : weight)?.DeepClone();
                }

                if (words?["admin"]?["order"] is { } said)
                {
                    // A file has no word for it; the state file keeps it where Gateway runs.
                    await screen.ErrorAsync($"note: {cluster?["id"]}/{destination?["id"]} is in {said}, which is not part of a configuration");
                }
            }
        }

        return configuration;
    }

    /// <summary>Removes values that were not shown, and logins without theirs; returns their paths.</summary>
    private static IEnumerable<string> LeaveHiddenOut(JsonNode node, string path)
    {
        if (node is JsonArray items)
        {
            foreach (var inner in items.Index().Where(item => item.Item is not null).SelectMany(item => LeaveHiddenOut(item.Item!, $"{path}:{item.Index}")))
            {
                yield return inner;
            }
        }

        foreach (var (key, value) in node is JsonObject section ? section.ToList() : [])
        {
            var at = path.Length == 0 ? key : $"{path}:{key}";
            var isLogin = path.Equals("Management:Users", StringComparison.OrdinalIgnoreCase)
                || path.Equals("Management:Tokens", StringComparison.OrdinalIgnoreCase);
            if (IsHidden(value) || (isLogin && value is JsonObject login && login.Any(pair => IsHidden(pair.Value)))
                || (value is JsonArray list && list.Any(IsHidden)))
            {
                ((JsonObject)node).Remove(key);
                yield return at;
            }
            else if (value is not null)
            {
                foreach (var inner in LeaveHiddenOut(value, at))
                {
                    yield return inner;
                }
            }
        }
    }

    private static bool IsHidden(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && text == Secrets.Hidden;
}
