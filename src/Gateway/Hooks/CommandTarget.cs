using System.Globalization;
using Gateway.Processes;

namespace Gateway.Hooks;

/// <summary>Runs a command for a change, with the change in its environment; exit code 0 is heard.</summary>
internal sealed class CommandTarget(IReadOnlyList<string> command) : IHookTarget
{
    public async Task<string?> TellAsync(StateChange change, CancellationToken deadline)
    {
        var environment = new Dictionary<string, string>
        {
            ["GATEWAY_EVENT"] = change.Word,
            ["GATEWAY_CLUSTER"] = change.Cluster,
            ["GATEWAY_DESTINATION"] = change.Destination?.Id ?? "",
            ["GATEWAY_ADDRESS"] = change.Address,
            ["GATEWAY_REASON"] = change.Reason,
            ["GATEWAY_IN_SERVICE"] = change.InService.ToString(CultureInfo.InvariantCulture),
            ["GATEWAY_TOTAL"] = change.Total.ToString(CultureInfo.InvariantCulture),
            ["GATEWAY_TIME"] = change.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        };
        var exit = await ChildProcess.RunAsync(command, environment, mostOutput: 0, deadline);
        return exit.Code == 0 ? null : exit.Problem ?? $"exit code {exit.Code}";
    }
}
