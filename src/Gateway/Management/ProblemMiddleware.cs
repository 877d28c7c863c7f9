using System.Text.Json;
using System.Text.RegularExpressions;
using Gateway.Management.Access;
using Gateway.Management.Api;
using Gateway.Management.Listening;

namespace Gateway.Management;

/// <summary>Answers what goes wrong on the way to an endpoint, and in it, with problem details.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, Audit audit, ILogger<ProblemMiddleware> logger)
{
    private const string Remedy = "The OpenAPI document at /openapi/v1.json lists what is possible.";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (WrongRequestException e) when (!context.Response.HasStarted)
        {
            await RefuseAsync(context, e);
            return;
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            if (WrongParameter(e) is { } wrong)
            {
                await RefuseAsync(context, wrong);
            }
            else
            {
                audit.Refused(context, e.StatusCode, WhyOf(e.StatusCode, context));
                await Problems.Of(e.StatusCode, $"{WhyOf(e.StatusCode, context)}.", Remedy).ExecuteAsync(context);
            }

            return;
        }
        catch (Exception e) when (e is not OperationCanceledException && !context.Response.HasStarted)
        {
            // A bug of ours: told whole in the log, and not at all to whoever asked.
            LogFailed(e, context.Request.Method, context.Request.Path);
            await Problems.Of(StatusCodes.Status500InternalServerError, "Gateway made a mistake.", "Its log has the details; please report it.")
                .ExecuteAsync(context);
            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
        {
            var why = WhyOf(context.Response.StatusCode, context);
            audit.Refused(context, context.Response.StatusCode, why);
            await Problems.Of(context.Response.StatusCode, $"{why}.", Remedy).ExecuteAsync(context);
        }
    }

    private Task RefuseAsync(HttpContext context, WrongRequestException wrong)
    {
        audit.Refused(context, StatusCodes.Status400BadRequest, wrong.Message);
        return Problems.Bad(wrong.Name, wrong.Value, wrong.Rule, wrong.Remedy).ExecuteAsync(context);
    }

    private static string WhyOf(int status, HttpContext context) => status switch
    {
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not possible here",
        StatusCodes.Status408RequestTimeout => "The body came too slowly",
        StatusCodes.Status413PayloadTooLarge => $"The body has more than {ManagementListener.LargestBodyBytes} bytes",
        StatusCodes.Status415UnsupportedMediaType => "The body is not JSON",
        _ => "The request cannot be served",
    };

    /// <summary>The parameter that could not be read; null when it is something else. The framework tells it by .NET's names, and in
    /// its message only.</summary>
    private static WrongRequestException? WrongParameter(BadHttpRequestException e)
    {
        if (NotBound().Match(e.Message) is { Success: true } bound)
        {
            return WrongRequestException.OfType(
                JsonNamingPolicy.CamelCase.ConvertName(bound.Groups["name"].Value), bound.Groups["value"].Value, bound.Groups["type"].Value);
        }

        return NotGiven().Match(e.Message) is { Success: true } given
            ? new(JsonNamingPolicy.CamelCase.ConvertName(given.Groups["name"].Value), null, "is missing", "Write it into the query.") : null;
    }

    [GeneratedRegex("^Failed to bind parameter \"(?<type>.+) (?<name>\\w+)\" from \"(?<value>.*)\"\\.?$", RegexOptions.Singleline)]
    private static partial Regex NotBound();

    [GeneratedRegex("^Required parameter \"(?<type>.+) (?<name>\\w+)\" was not provided from .+$", RegexOptions.Singleline)]
    private static partial Regex NotGiven();

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed.")]
    private partial void LogFailed(Exception exception, string method, string path);
}
