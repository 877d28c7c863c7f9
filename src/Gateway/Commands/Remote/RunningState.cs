using System.Text.Json;
using System.Text.Json.Nodes;

namespace Gateway.Commands.Remote;

/// <summary>The running state as a configuration file: the configuration in force, with the weights that persons set.</summary>
internal static class RunningState
{
    private static readonly JsonSerializerOptions _indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes the state to a file, whole or not at all.</summary>
    /// <returns>Null; or the state itself, to be shown, when no file is named.</returns>
    public static async Task<JsonNode?> SaveAsync(GatewayClient client, Screen screen, string? file)
    {
        var state = await ReadAsync(client, screen);
        if (file is null)
        {
            return state;
        }

        var next = file + ".next";
        await File.WriteAllTextAsync(next, state.ToJsonString(_indented) + "\n");
        File.Move(next, file, overwrite: true);
        return null;
    }

    private static async Task<JsonNode> ReadAsync(GatewayClient client, Screen screen)
    {
        var configuration = (await client.GetAsync("configuration"))["configuration"]?.DeepClone() ?? new JsonObject();
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
                    await screen.Errors.WriteLineAsync($"note: {cluster?["id"]}/{destination?["id"]} is in {said}, which is not part of a configuration");
                }
            }
        }

        return configuration;
    }
}
