using Gateway.Clusters;
using Gateway.Names;
using Gateway.Probing.Answers;
using Gateway.Probing.Connections;

namespace Gateway.Probing.Kinds;

/// <summary>Asks a DNS server a question and wants an answer without an error, with a record of the type, and, if told to,
/// with this data.</summary>
internal sealed class DnsProber(ProbeOptions options) : IProber
{
    private readonly DnsQuestion _question = DnsQuestion.Of(options.Query, Enum.Parse<DnsType>(options.QueryType, ignoreCase: true));

    public async Task<ProbeResult> ProbeAsync(ProbeTarget target, CancellationToken deadline)
    {
        try
        {
            var server = await ProbeSocket.ResolveAsync(target.EndPoint, deadline);
            return Judge(await DnsClient.AskAsync(server, _question, deadline));
        }
        catch (FormatException e)
        {
            return new ProbeResult(ProbeOutcome.UnexpectedAnswer, Excerpt.Of(e.Message));
        }
        catch (OperationCanceledException)
        {
            return new ProbeResult(ProbeOutcome.TimedOut, "no answer");
        }
        catch (Exception e) when (ProbeFault.Explain(e, ProbeStage.Connect) is { } fault)
        {
            return fault;
        }
    }

    private ProbeResult Judge(DnsResponse response)
    {
        var found = response.Answers.Where(record => record.Type == _question.Type).ToArray();
        return response.Code != 0 ? new ProbeResult(ProbeOutcome.UnexpectedAnswer, response.CodeText)
            : found.Length == 0 ? new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"no {_question.Type} record")
            : options.Answer.Length == 0 || found.Any(record => IsSame(record.Text, options.Answer))
                ? new ProbeResult(ProbeOutcome.Passed)
            : new ProbeResult(ProbeOutcome.UnexpectedAnswer, $"'{Excerpt.Of(found[0].Text)}'");
    }

    private static bool IsSame(string found, string wanted) =>
        found.Equals(wanted.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);
}
